/** A reader of one variable's text. Undefined means that the text is not a value of this kind. */
export interface SettingValue<T> {
  parse(text: string): T | undefined;
  /** Completes "NAME must be …". */
  expected: string;
}

export function wholeNumber(least: number, most: number): SettingValue<number> {
  return {
    expected: `a whole number from ${least} to ${most}`,
    parse: (text) => {
      if (!/^\d{1,15}$/.test(text)) return undefined;
      const value = Number(text);
      return value >= least && value <= most ? value : undefined;
    },
  };
}

export function oneOf<T extends string>(values: readonly T[]): SettingValue<T> {
  return {
    expected: `one of ${values.join(', ')}`,
    parse: (text) => values.find((value) => value === text),
  };
}

/** A comma-separated subset, answered in the order of `values`. */
export function someOf<T extends string>(values: readonly T[]): SettingValue<readonly T[]> {
  return {
    expected: `a comma-separated list out of ${values.join(', ')}`,
    parse: (text) => {
      const named = text.split(',').map((part) => part.trim());
      const known = values.filter((value) => named.includes(value));
      return known.length === named.length ? known : undefined;
    },
  };
}

export const flag: SettingValue<boolean> = {
  expected: '0 or 1',
  parse: (text) => (text === '1' ? true : text === '0' ? false : undefined),
};

export const text: SettingValue<string> = {
  expected: 'text without control characters',
  parse: (value) => (/\p{Cc}/u.test(value) ? undefined : value),
};

const name = /^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/;
const address6 = /^(?=.*:.*:)[0-9a-fA-F:]+(\d+(\.\d+){3})?$/;

export const hostName: SettingValue<string> = {
  expected: 'a host name or an IP address, without a port',
  parse: (value) => (name.test(value) || address6.test(value) ? value : undefined),
};

export const apiKey: SettingValue<string> = {
  expected: '16 to 200 visible ASCII characters',
  parse: (value) => (/^[\x21-\x7e]{16,200}$/.test(value) ? value : undefined),
};

export const secretText: SettingValue<string> = {
  expected: '16 to 1000 visible ASCII characters',
  parse: (value) => (/^[\x21-\x7e]{16,1000}$/.test(value) ? value : undefined),
};

export const mailAddress: SettingValue<string> = {
  expected: 'a mail address, as in "bookings@example.com" or "Bookings <bookings@example.com>"',
  parse: (value) =>
    /^([^<>\p{Cc}]*<[^\s@<>]+@[^\s@<>]+>|[^\s@<>]+@[^\s@<>]+)$/u.test(value) ? value : undefined,
};

export function urlOf(schemes: readonly string[]): SettingValue<string> {
  return {
    expected: `a URL that starts with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`,
    parse: (value) => {
      const scheme = /^([a-z]+):\/\/\S+$/.exec(value)?.[1];
      return scheme !== undefined && schemes.includes(scheme) && URL.canParse(value)
        ? value
        : undefined;
    },
  };
}

const failpoint = /^[a-z0-9.-]+=(crash|error|delay|hang|pause)(:\d+)?(@\d+)?$/;

export const failpointList: SettingValue<string> = {
  expected:
    'a comma-separated list of name=action[:ms][@hit], action crash, error, delay, hang or pause',
  parse: (value) => (value.split(',').every((part) => failpoint.test(part)) ? value : undefined),
};
