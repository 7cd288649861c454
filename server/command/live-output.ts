import type { Progress } from '#shared/protocol/messages.ts'

/** How a command comes along, as its agent said last. */
export interface Live {
  done: number | null
  note: string
  /** What it wrote so far. Text of a machine: shown as text, never as markup. */
  text: string
  isCut: boolean
}

export interface LiveOutputs {
  take(commandId: string, said: Omit<Progress, 'kind' | 'commandId'>): void
  of(commandId: string): Live | undefined
  forget(commandIds: readonly string[]): void
}

/** Of one command, and of how many at once: 13 MB at most. Its result has the whole, and outlives this process. */
const maxChars = 65_536
const maxCommands = 200

/** In memory only: what is said live is a hint. Of too many commands the one that was begun first is forgotten. */
export function createLiveOutputs(): LiveOutputs {
  const lives = new Map<string, Live>()
  return {
    take(commandId, { done, note, text = '', isCut = false }) {
      const before = lives.get(commandId) ?? { done: null, note: '', text: '', isCut: false }
      const kept = text.slice(0, maxChars - before.text.length)
      lives.set(commandId, {
        done: done ?? before.done,
        note: note ?? before.note,
        text: before.text + kept,
        isCut: before.isCut || isCut || kept.length < text.length,
      })
      if (lives.size > maxCommands) for (const oldest of [...lives.keys()].slice(0, lives.size - maxCommands)) lives.delete(oldest)
    },
    of: (commandId) => lives.get(commandId),
    forget: (commandIds) => {
      for (const id of commandIds) lives.delete(id)
    },
  }
}
