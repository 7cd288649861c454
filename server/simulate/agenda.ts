/** What happens when, on virtual time: a binary heap, so that a long queue costs no more than a short one. */
export interface Agenda {
  /** What is planned for one instant happens in the order in which it was planned. */
  plan(at: number, run: () => void): void
  /** Does everything until then, in order. @param step is told of each instant that time comes to. */
  playUntil(end: number, step: (now: number) => void): void
  /** Does everything until then and at that instant, in order. */
  playThrough(end: number): void
  readonly now: number
}

/** One column each, so that looking for what comes first reads numbers that lie side by side. */
interface Heap {
  at: number[]
  order: number[]
  run: (() => void)[]
}

export function createAgenda(startsAt: number): Agenda {
  const heap: Heap = { at: [], order: [], run: [] }
  let order = 0
  let now = startsAt
  const takeFirst = (at: number, step: (now: number) => void): void => {
    const run = heap.run[0] ?? nothing
    sink(heap)
    if (at > now) step(at)
    now = at
    run()
  }
  return {
    get now() {
      return now
    },
    plan(at, run) {
      rise(heap, Math.max(at, now), ++order, run)
    },
    playUntil(end, step) {
      for (let at = heap.at[0] ?? far; at < end; at = heap.at[0] ?? far) takeFirst(at, step)
      step(end)
      now = end
    },
    playThrough(end) {
      for (let at = heap.at[0] ?? far; at <= end; at = heap.at[0] ?? far) takeFirst(at, nothing)
      now = end
    },
  }
}

const far = Number.POSITIVE_INFINITY

function rise(heap: Heap, at: number, order: number, run: () => void): void {
  let place = heap.at.length
  for (let above = (place - 1) >> 1; place > 0; place = above, above = (place - 1) >> 1) {
    // What was planned before it stays before it, so only a later instant gives way.
    if ((heap.at[above] ?? far) <= at) break
    move(heap, above, place)
  }
  put(heap, place, at, order, run)
}

/** Takes the first out; the last one sinks from its place. */
function sink(heap: Heap): void {
  const at = heap.at.pop() ?? far
  const order = heap.order.pop() ?? far
  const run = heap.run.pop() ?? nothing
  const { length } = heap.at
  if (length === 0) return
  let place = 0
  for (let child = 1; child < length; child = 2 * place + 1) {
    if (child + 1 < length && isBefore(heap, child + 1, heap.at[child] ?? far, heap.order[child] ?? far)) child += 1
    if (!isBefore(heap, child, at, order)) break
    move(heap, child, place)
    place = child
  }
  put(heap, place, at, order, run)
}

const isBefore = (heap: Heap, place: number, at: number, order: number): boolean => {
  const its = heap.at[place] ?? far
  return its < at || (its === at && (heap.order[place] ?? far) < order)
}

const move = (heap: Heap, from: number, to: number): void =>
  put(heap, to, heap.at[from] ?? far, heap.order[from] ?? far, heap.run[from] ?? nothing)

function put(heap: Heap, place: number, at: number, order: number, run: () => void): void {
  heap.at[place] = at
  heap.order[place] = order
  heap.run[place] = run
}

const nothing = (): void => undefined
