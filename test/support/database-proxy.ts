import { createServer, connect, type AddressInfo, type Socket } from 'node:net';

/** A way to the database that can be cut, as networks are. */
export interface DatabaseProxy {
  url: string;
  /** From now on the server's next words are lost and the connection with them. */
  loseReplies(): void;
  /** From now on nothing gets through in either direction, and nobody is told. */
  swallowAll(): void;
  /** Cuts the connections there are; new ones get through. */
  cutAll(): void;
  /** Lets new connections through again; those that were cut stay cut. */
  heal(): void;
  close(): Promise<void>;
}

export async function startDatabaseProxy(databaseUrl: string): Promise<DatabaseProxy> {
  const target = new URL(databaseUrl.replace(/^(\w+:\/\/(?:[^/?]*@)?)(?=\/)/, '$1localhost'));
  let mode: 'pass' | 'lose-replies' | 'swallow' = 'pass';
  const pairs = new Set<{ client: Socket; server: Socket }>();
  const listener = createServer((client) => {
    const server = connect(serverAddress(target));
    const pair = { client, server };
    pairs.add(pair);
    const cut = (): void => {
      pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    client.on('data', (data) => mode !== 'swallow' && server.write(data));
    server.on('data', (data) => {
      if (mode === 'pass') client.write(data);
      else if (mode === 'lose-replies') cut();
    });
    for (const socket of [client, server]) socket.on('error', cut).on('close', cut);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String((listener.address() as AddressInfo).port);
  for (const name of ['host', 'port']) url.searchParams.delete(name);
  return {
    url: url.href,
    loseReplies: () => (mode = 'lose-replies'),
    swallowAll: () => (mode = 'swallow'),
    cutAll: () => {
      for (const { client } of pairs) client.destroy();
    },
    heal: () => {
      // What was swallowed cannot be made up for: those connections are broken now.
      if (mode === 'swallow') for (const { client } of pairs) client.destroy();
      mode = 'pass';
    },
    close: async () => {
      for (const { client, server } of pairs) {
        client.destroy();
        server.destroy();
      }
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

// A server behind a socket is named by a parameter of the URL.
function serverAddress(target: URL): { path: string } | { host: string; port: number } {
  const host = target.searchParams.get('host') ?? target.hostname;
  const port = Number(target.searchParams.get('port') ?? (target.port || '5432'));
  return host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
}
