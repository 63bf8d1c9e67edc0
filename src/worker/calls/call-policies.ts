import { callPolicyMember, type CallPolicy } from '../../domain/call-policy.ts';

/**
 * The policy of each provider: the defaults, changed by CALL_POLICIES, whose form the settings have
 * checked: `caldav.open_ms=2000,webhook.timeout_ms=5000`.
 */
export function callPolicies(text: string, defaults: CallPolicy): (provider: string) => CallPolicy {
  const policies = new Map<string, CallPolicy>();
  for (const entry of text.split(',')) {
    const [, provider = '', name = '', value] =
      /^\s*([^.]+)\.([a-z_]+)=(\d+)\s*$/.exec(entry) ?? [];
    const member = callPolicyMember(name);
    if (member === undefined) continue;
    const policy = policies.get(provider) ?? defaults;
    policies.set(provider, { ...policy, [member]: Number(value) });
  }
  return (provider) => policies.get(provider) ?? defaults;
}
