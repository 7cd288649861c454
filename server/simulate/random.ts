/** Chance that a seed alone decides. */
export interface Random {
  /** 0 ≤ x < 1. */
  next(): number
}

/** splitmix32: one addition and a few multiplications; each ticket has a stream of its own, so that two desks meet the same tickets. */
export function seeded(seed: number): Random {
  let state = seed | 0
  return {
    next() {
      state = (state + 0x9e3779b9) | 0
      let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
      return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
    },
  }
}

/** The stream of the `count`th of something. */
export const streamOf = (seed: number, count: number): Random =>
  seeded(Math.imul(seed ^ 0x5bd1e995, 0x85ebca6b) ^ Math.imul(count + 1, 0xc2b2ae35))

/** Exponentially distributed, as what happens by chance at a constant rate is. */
export const exponential = ({ next }: Random, mean: number): number => -mean * Math.log(1 - next())

export const isTrue = ({ next }: Random, share: number): boolean => next() < share

/** One of them, by weight; undefined where nothing has any. */
export function weighed<Item>({ next }: Random, items: readonly Item[], weigh: (item: Item) => number): Item | undefined {
  const total = items.reduce((sum, item) => sum + weigh(item), 0)
  let left = next() * total
  for (const item of items) {
    left -= weigh(item)
    if (left < 0) return item
  }
  return undefined
}

export const oneOf = <Item>({ next }: Random, items: readonly Item[]): Item | undefined => items[Math.floor(next() * items.length)]
