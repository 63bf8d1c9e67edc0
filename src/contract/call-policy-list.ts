import { callPolicyMember } from '../domain/call-policy.ts';
import type { SettingValue } from './setting-values.ts';

const entry = /^[a-z][a-z0-9-]{0,31}\.([a-z_]+)=\d{1,9}$/;

/** Checked here and read by whoever makes the calls. */
export const callPolicyList: SettingValue<string> = {
  expected: 'a comma-separated list of provider.limit=number, as in "caldav.open_ms=2000"',
  parse: (text) => {
    const names = text.split(',').map((part) => entry.exec(part.trim())?.[1]);
    const known = names.every((name) => name !== undefined && callPolicyMember(name) !== undefined);
    return known ? text : undefined;
  },
};
