import type { OperationExample } from './examples.ts';

const keyId = '018f3c1e-7b4a-7c3d-9e2f-5a6b7c8d9e0f';

/** What operators send. */
export const adminExamples: Record<string, Record<string, OperationExample>> = {
  putTenant: {
    branch: {
      summary: 'A tenant whose bookings name known locations only',
      status: 201,
      params: { id: 'branch' },
      body: { name: 'A branch', settings: { unknown_locations: 'reject' } },
    },
  },
  getTenant: { one: { summary: 'One', status: 200, params: { id: 'default' } } },
  createApiKey: {
    integration: {
      summary: 'A key for another system, for some years',
      status: 201,
      body: {
        idempotency_key: 'e1c6d0f3-5a2b-4c4d-8e9f-0a1b2c3d4e5f',
        tenant: 'default',
        scopes: ['appointments:read', 'events:read'],
        expires_at: '2035-01-01T00:00:00Z',
      },
    },
  },
  getApiKey: { one: { summary: 'One', status: 200, params: { id: keyId } } },
  revokeApiKey: { one: { summary: 'One', status: 204, params: { id: keyId } } },
};
