/** What happens when, on virtual time: a binary heap, so that a long queue costs no more than a short one. */
export interface Agenda {
  /** What is planned for one instant happens in the order in which it was planned. */
  plan(at: number, run: () => void): void
  /** Does everything until then, in order. @param step is told of each instant that time comes to. */
  playUntil(end: number, step: (now: number) => void): void
  readonly now: number
}

interface Planned {
  at: number
  order: number
  run: () => void
}

export function createAgenda(startsAt: number): Agenda {
  const heap: Planned[] = []
  let order = 0
  let now = startsAt
  return {
    get now() {
      return now
    },
    plan(at, run) {
      rise(heap, { at: Math.max(at, now), order: ++order, run })
    },
    playUntil(end, step) {
      for (let next = heap[0]; next && next.at < end; next = heap[0]) {
        sink(heap)
        if (next.at > now) step(next.at)
        now = next.at
        next.run()
      }
      step(end)
      now = end
    },
  }
}

const isBefore = (one: Planned, other: Planned): boolean => one.at < other.at || (one.at === other.at && one.order < other.order)

function rise(heap: Planned[], planned: Planned): void {
  let place = heap.length
  for (let above = (place - 1) >> 1; place > 0; place = above, above = (place - 1) >> 1) {
    const parent = heap[above]
    if (!parent || isBefore(parent, planned)) break
    heap[place] = parent
  }
  heap[place] = planned
}

/** Takes the first out; the last one sinks from its place. */
function sink(heap: Planned[]): void {
  const last = heap.pop()
  if (!last || heap.length === 0) return
  let place = 0
  for (;;) {
    const left = 2 * place + 1
    const [one, other] = [heap[left], heap[left + 1]]
    const below = other && one && isBefore(other, one) ? left + 1 : left
    const child = heap[below]
    if (!child || isBefore(last, child)) break
    heap[place] = child
    place = below
  }
  heap[place] = last
}
