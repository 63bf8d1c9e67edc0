import type { Route } from '../contract/route.ts';

interface Place {
  path: RegExp;
  methods: string[];
}

/** Which methods an address takes; none where there is nothing. Asked only when no route fits. */
export function allowedMethods(routes: readonly Route[]): (url: string) => string[] {
  const places = [...Map.groupBy(routes, ({ path }) => path)].map(([path, same]): Place => ({
    path: patternOf(path),
    methods: same.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])),
  }));
  return (url) => {
    const path = url.replace(/[?#].*$/s, '');
    const found = places.filter((place) => place.path.test(path)).flatMap(({ methods }) => methods);
    return [...new Set(found)].sort();
  };
}

// No id of ours holds NUL: with one in it no address is ours, whatever the method.
const anyId = '(?:(?!%00)[^/])+';

function patternOf(path: string): RegExp {
  const segments = path
    .split('/')
    .map((segment) =>
      segment.startsWith(':') ? anyId : segment.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`),
    );
  return new RegExp(`^${segments.join('/')}$`);
}
