import sax from 'sax';

export interface FoundResource {
  href: string;
  etag: string | null;
  /** `calendar-data`. */
  text: string;
}

const dav = 'DAV:';
const caldav = 'urn:ietf:params:xml:ns:caldav';
const wanted = new Set([
  ...[`${dav} href`, `${dav} status`, `${dav} getetag`, `${caldav} calendar-data`],
]);
const maxDepth = 32;

interface Found {
  href?: string;
  etag?: string;
  text?: string;
}

/**
 * The resources of a multistatus answer (RFC 4918) that have calendar data. Strict, because an
 * answer that cannot be read must not pass for an empty calendar; entities are not expanded.
 *
 * @throws Error where it is no multistatus answer
 */
export function readMultistatus(xml: string): FoundResource[] {
  const parser = sax.parser(true, { xmlns: true });
  const resources: FoundResource[] = [];
  const path: string[] = [];
  let opened = 0;
  let response: Found = {};
  let propstat: Found & { status?: string } = {};
  let text = '';

  parser.onerror = (error) => {
    throw error;
  };
  parser.ondoctype = () => {
    throw new Error('a document type');
  };
  parser.onopentag = (tag) => {
    const { uri, local } = tag as sax.QualifiedTag;
    path.push(`${uri} ${local}`);
    if (path.length > maxDepth) throw new Error('too deep');
    opened += 1;
    if (path[0] !== `${dav} multistatus`) throw new Error('no multistatus');
    if (is('response')) response = {};
    if (is('propstat')) propstat = {};
    text = '';
  };
  parser.ontext = parser.oncdata = (piece) => {
    if (wanted.has(path.at(-1) ?? '')) text += piece;
  };
  parser.onclosetag = () => {
    const inPropstat = path.includes(`${dav} propstat`);
    if (is('href') && !inPropstat) response.href ??= text.trim();
    if (is('status') && inPropstat) propstat.status = text;
    if (is('getetag')) propstat.etag = text.trim();
    if (path.at(-1) === `${caldav} calendar-data`) propstat.text = text;
    // Properties that a server does not have come with a status of their own.
    if (is('propstat') && / 2\d\d( |$)/.test(propstat.status ?? '')) {
      response = { ...propstat, ...response };
    }
    if (is('response')) {
      const { href, etag = null, text: data } = response;
      if (href !== undefined && data !== undefined) resources.push({ href, etag, text: data });
    }
    path.pop();
  };

  function is(local: string): boolean {
    return path.at(-1) === `${dav} ${local}`;
  }

  parser.write(xml).close();
  if (opened === 0) throw new Error('no multistatus');
  return resources;
}
