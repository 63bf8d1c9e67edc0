import { createServer, type AddressInfo } from 'node:net';

/** An SMTP server that refuses every recipient, and says whom. */
export async function startHostileMailServer(): Promise<{
  url: string;
  refusals(): number;
  stop(): Promise<void>;
}> {
  let refusals = 0;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('220 mail.example ESMTP\r\n');
    socket.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\r\n').filter((each) => each !== '')) {
        if (!/^RCPT/i.test(line)) {
          socket.write(/^QUIT/i.test(line) ? '221 bye\r\n' : '250 ok\r\n');
          continue;
        }
        refusals += 1;
        // By turns for now and for good.
        const code = refusals % 2 === 0 ? '550 5.1.1' : '451 4.3.0';
        socket.write(`${code} no place for ${line.slice('RCPT TO:'.length)} here\r\n`);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refusals: () => refusals,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
