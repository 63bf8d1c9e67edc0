import path from 'node:path';
import type { PostgresHome } from './home.ts';

/**
 * Given on the command line, so that they hold whatever postgresql.conf or ALTER SYSTEM say.
 * Durability is not traded: an acknowledged booking survives a power cut.
 */
export function serverArguments(home: PostgresHome): string[] {
  const settings: Record<string, string> = {
    listen_addresses: '',
    port: '5432',
    unix_socket_directories: home.sockets,
    unix_socket_permissions: '0700',
    // A process opens up to 23, and several may be started on this server.
    max_connections: '300',
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    shared_buffers: '256MB',
    max_wal_size: '4GB',
    wal_compression: 'on',
    random_page_cost: '1.1',
    jit: 'off',
    timezone: 'UTC',
    // Errors of statements reach whoever ran them; their detail may name a person, so the log
    // holds what concerns the server alone.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_checkpoints: 'off',
    log_timezone: 'UTC',
    logging_collector: 'on',
    log_directory: home.logs,
    log_filename: 'postgresql-%Y%m%d-%H%M%S.log',
    log_rotation_size: '10MB',
    log_rotation_age: '0',
    cluster_name: 'slotwright',
  };
  const given = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return ['-D', path.join(home.folder, 'cluster'), ...given];
}
