import type { Settings } from '../contract/settings.ts';
import type { Engine } from '../engine/index.ts';
import { createInternalServer } from '../gateway/internal-server.ts';
import type { Closers } from './closers.ts';
import { urlOf } from './url-of.ts';
import type { SharedParts } from './shared-parts.ts';

/**
 * Lets other processes ask this one's engine, where INTERNAL_PORT says so, and registers where.
 * Before the engine starts, so that no region has an owner whom nobody can find.
 */
export async function openInternalPort(
  settings: Settings,
  engine: Engine,
  shared: SharedParts & { closers: Closers },
): Promise<void> {
  const { internalPort: port, internalHost: host, internalSecret: secret } = settings;
  if (port === undefined || secret === undefined) return;
  const routes = engine.internalRoutes;
  const server = createInternalServer({ ...shared, config: { host, port }, routes, secret });
  shared.closers.add('internal port', () => server.stop());
  await server.start();
  await shared.identity.announce(settings.internalUrl ?? urlOf(server.address()));
}
