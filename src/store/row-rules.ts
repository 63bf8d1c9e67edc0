/** SQL expressions that hold the ids of a `Reach`: parameters, or columns of the input. */
interface ReachExpressions {
  customer: string;
  resource: string;
}

/**
 * Which rows of a tenant are within a caller's reach, as conditions of its queries: what is not
 * there and what is out of reach are then one answer, by one plan, in one time.
 */
export const rowRules = {
  /** Of `appointments a`. */
  appointments: ({ customer, resource }: ReachExpressions): string =>
    `(${customer}::uuid IS NULL OR a.customer_id = ${customer})
    AND (${resource}::text IS NULL OR a.resource_id = ${resource})`,
  /** Of `customers`: how somebody can be reached is no business of a resource. */
  customers: ({ customer, resource }: ReachExpressions): string =>
    `(${customer}::uuid IS NULL OR customer_id = ${customer}) AND ${resource}::text IS NULL`,
};
