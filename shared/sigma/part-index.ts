import { minPartLength } from './gate.ts'

interface Entry<Owner> {
  text: string
  /** Where in the text its three characters stand. */
  offset: number
  owners: Owner[]
}

const slots = 1 << 15

/**
 * Many texts, looked for in one text at once. Each is filed under its three characters that the fewest others have, so a text that is looked
 * through asks, at each place, one bit of a table, which nearly always is empty: what it costs depends on the text, not on how many are filed.
 */
export class PartIndex<Owner> {
  readonly #owners = new Map<string, Owner[]>()
  readonly #entries = new Map<number, Entry<Owner>[]>()
  readonly #taken = new Uint8Array(slots / 8)
  #isBuilt = false

  /** @param text folded, at least three characters long. All are added before the first search. */
  add(text: string, owner: Owner): void {
    const owners = this.#owners.get(text)
    if (owners) owners.push(owner)
    else this.#owners.set(text, [owner])
  }

  /** Calls `found` with the owners of each filed text that stands in this one. */
  search(text: string, found: (owners: readonly Owner[]) => void): void {
    if (!this.#isBuilt) this.#build()
    const taken = this.#taken
    let slot = slotBefore(text)
    for (let at = 0; at + minPartLength <= text.length; at += 1) {
      slot = rolled(slot, text.charCodeAt(at + 2))
      if (((taken[slot >> 3] ?? 0) & (1 << (slot & 7))) === 0) continue
      for (const entry of this.#entries.get(slot) ?? []) {
        if (text.startsWith(entry.text, at - entry.offset) && at >= entry.offset) found(entry.owners)
      }
    }
  }

  #build(): void {
    this.#isBuilt = true
    const uses = new Map<number, number>()
    for (const text of this.#owners.keys()) for (const slot of new Set(slotsOf(text))) uses.set(slot, (uses.get(slot) ?? 0) + 1)
    for (const [text, owners] of this.#owners) {
      const own = slotsOf(text)
      const offset = own.reduce((best, slot, at) => ((uses.get(slot) ?? 0) < (uses.get(own[best] ?? 0) ?? 0) ? at : best), 0)
      const slot = own[offset] ?? 0
      this.#entries.set(slot, [...(this.#entries.get(slot) ?? []), { text, offset, owners }])
      this.#taken[slot >> 3] = (this.#taken[slot >> 3] ?? 0) | (1 << (slot & 7))
    }
    this.#owners.clear()
  }
}

/** Three characters as a number of 15 bits: the one before the last three is shifted out, so the same three always make the same number. */
const rolled = (slot: number, code: number): number => ((slot & 0x3ff) << 5) ^ (code & 0xff) ^ ((code >> 8) & 0x7f)
const slotBefore = (text: string): number => rolled(rolled(0, text.charCodeAt(0)), text.charCodeAt(1))

function slotsOf(text: string): number[] {
  const slots: number[] = []
  let slot = slotBefore(text)
  for (let at = 2; at < text.length; at += 1) {
    slot = rolled(slot, text.charCodeAt(at))
    slots.push(slot)
  }
  return slots
}
