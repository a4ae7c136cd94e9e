/** Routes that are opened once, however many requests wait for them. */

import type { Answerer, Route } from './route.ts';

/**
 * Opens a route, or joins those who wait for it. A failed attempt is forgotten, so that the next one
 * tries again.
 */
export function opener<Place>(): (route: Route<Place>, place: Place) => Promise<Answerer> {
  const opened = new Map<Route<Place>, Promise<Answerer>>();
  return (route, place) => {
    const known = opened.get(route);
    if (known) return known;
    const opening = route.open(place);
    opening.catch(() => opened.delete(route));
    opened.set(route, opening);
    return opening;
  };
}
