/** A path with the place where the page before ended. */
export function paged(path: string, place: Readonly<Record<string, string | undefined>>): string {
  const [[name, id] = ['', undefined]] = Object.entries(place)
  return id === undefined ? path : `${path}?${name}=${encodeURIComponent(id)}`
}
