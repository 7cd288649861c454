/** Numbers that a seed alone decides, so that a run can be played again. */
export interface Random {
  /** 0 ≤ x < 1. */
  next(): number
  /** From `from` to `to`, both included. */
  whole(from: number, to: number): number
  isTrue(share: number): boolean
  pick<Item>(items: readonly Item[]): Item
  /** `weigh` of an item against that of all of them is its share. */
  pickWeighed<Item>(items: readonly Item[], weigh: (item: Item) => number): Item
}

/** mulberry32: 32 bits of state are plenty for a plan, and whoever replays it needs no library. */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const pick = <Item>(items: readonly Item[]): Item => {
    const item = items[Math.floor(next() * items.length)]
    if (item === undefined) throw new RangeError('there is nothing to pick from')
    return item
  }
  return {
    next,
    pick,
    whole: (from, to) => from + Math.floor(next() * (to - from + 1)),
    isTrue: (share) => next() < share,
    pickWeighed: (items, weigh) => {
      let left = next() * items.reduce((sum, item) => sum + weigh(item), 0)
      const found = items.find((item) => {
        left -= weigh(item)
        return left < 0
      })
      return found ?? pick(items)
    },
  }
}
