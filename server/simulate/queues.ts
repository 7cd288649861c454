import { Priority } from '#shared/domain/priority.ts'

/** What lies untaken, by team: the most pressing first, of those the one that has lain longest with that team as such. */
export interface Queues<Item extends object> {
  /** Where it lies already it stays, with its place. */
  put(item: Item, team: string, priority: Priority, isPaging: boolean): void
  remove(item: Item): void
  /** The next for somebody of these teams, still in its place; `onlyPaging`: of what pages. */
  next(teams: Iterable<string>, onlyPaging: boolean): Item | undefined
  /** By team. */
  lengths: ReadonlyMap<string, number>
}

interface Place<Item> {
  item: Item
  team: string
  priority: Priority
  isPaging: boolean
  order: number
}

/** First in, first out; what has left is passed over when its turn comes. */
interface Lane<Item> {
  places: Place<Item>[]
  head: number
}

export function createQueues<Item extends object>(): Queues<Item> {
  const lanes = new Map<string, Lane<Item>[]>()
  const places = new Map<Item, Place<Item>>()
  const lengths = new Map<string, number>()
  let order = 0

  const lanesOf = (team: string): Lane<Item>[] => {
    const known = lanes.get(team) ?? Array.from({ length: 2 * Priority.options.length }, () => ({ places: [], head: 0 }))
    lanes.set(team, known)
    return known
  }
  const remove = (item: Item): void => {
    const place = places.get(item)
    if (!place) return
    places.delete(item)
    lengths.set(place.team, (lengths.get(place.team) ?? 1) - 1)
  }
  const headOf = (lane: Lane<Item>): Place<Item> | undefined => {
    for (let place = lane.places[lane.head]; place; place = lane.places[++lane.head]) if (places.get(place.item) === place) return place
    lane.places = []
    lane.head = 0
    return undefined
  }
  return {
    lengths,
    remove,
    put(item, team, priority, isPaging) {
      const before = places.get(item)
      if (before?.team === team && before.priority === priority && before.isPaging === isPaging) return
      remove(item)
      const place = { item, team, priority, isPaging, order: ++order }
      places.set(item, place)
      lanesOf(team)[2 * Priority.options.indexOf(priority) + (isPaging ? 0 : 1)]?.places.push(place)
      lengths.set(team, (lengths.get(team) ?? 0) + 1)
    },
    next(teams, onlyPaging) {
      let best: Place<Item> | undefined
      for (const team of teams) {
        for (const [index, lane] of lanesOf(team).entries()) {
          if (lane.places.length === 0 || (onlyPaging && index % 2 === 1)) continue
          const place = headOf(lane)
          if (place && (!best || isNearer(place, best))) best = place
        }
      }
      return best?.item
    },
  }
}

const isNearer = <Item>(one: Place<Item>, other: Place<Item>): boolean =>
  one.priority === other.priority ? one.order < other.order : one.priority < other.priority
