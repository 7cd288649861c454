import { Priority } from '#shared/domain/priority.ts'
import type { Remark } from '../check.ts'
import type { MatrixDocument } from '../matrix-schema.ts'

/** A ticket never comes back to where it was by itself: neither by its boxes, nor by teams without members. */
export function* checkLoops({ timeBoxes, teams }: MatrixDocument): Generator<Remark> {
  for (const priority of Priority.options) {
    const next = (team: string): string | undefined => {
      const to = timeBoxes[team]?.[priority]?.to
      return to === 'stays' ? undefined : to
    }
    for (const loop of loopsOf(Object.keys(timeBoxes), next)) {
      const [team = ''] = loop
      yield { path: ['timeBoxes', team, priority, 'to'], reason: `boxes go in a circle: ${[...loop, team].join(' → ')}` }
    }
  }
  for (const loop of loopsOf(Object.keys(teams), (team) => teams[team]?.passesTo)) {
    const [team = ''] = loop
    yield { path: ['teams', team, 'passesTo'], reason: `teams without members pass on in a circle: ${[...loop, team].join(' → ')}` }
  }
}

/** Each once, beginning with the first of `names` that is in it. */
function loopsOf(names: readonly string[], next: (name: string) => string | undefined): string[][] {
  const seen = new Set<string>()
  return names.flatMap((name) => {
    const way: string[] = []
    let at: string | undefined = name
    while (at !== undefined && !seen.has(at)) {
      seen.add(at)
      way.push(at)
      at = next(at)
    }
    const begin = at === undefined ? -1 : way.indexOf(at)
    return begin < 0 ? [] : [way.slice(begin)]
  })
}
