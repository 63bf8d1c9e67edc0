/** Why the embedded PostgreSQL cannot start, as one line for whoever started the service. */
export class EmbeddedPostgresError extends Error {}
