import { setTimeout as sleep } from 'node:timers/promises';
import { succeeds } from './packages.js';

const address = 'amqp://guest:guest@127.0.0.1:5672';

export const rabbitmq = {
  name: 'rabbitmq',
  packages: ['rabbitmq-server'],

  async find() {
    const { connect } = await import('amqplib');
    try {
      const connection = await connect(address, { timeout: 2_000 });
      await connection.close();
      return address;
    } catch {
      return undefined;
    }
  },

  async start() {
    succeeds(['service', 'rabbitmq-server', 'start']);
    for (let tries = 0; tries < 60; tries += 1) {
      if (await this.find()) return;
      await sleep(500);
    }
  },
};
