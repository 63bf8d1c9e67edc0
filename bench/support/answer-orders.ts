/** Answers each message on this process's channel with what the work for it comes to. */
export function answerOrders<Order, Report>(work: (order: Order) => Promise<Report>): void {
  process.on('message', (order: Order) => {
    void work(order).then(
      (report) => process.send?.(report),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
}
