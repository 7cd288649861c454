import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { replaceFile } from './journal.ts'

/*
 * The rules as they are loaded at the machine's next start, by `nft -f` and before its network comes up; nothing of ours runs yet
 * then. Enters: the text of each file. Leaves: the same, fsynced. On failure: throws, and the running rules are as they were.
 */
export interface SavedRules {
  keep(files: Record<string, string>): void
  forget(): void
}

/** Those of `Firewall.saved`, in the order in which a start loads them. */
export const savedNames = ['rules.nft', 'devices.nft'] as const

export function saveRulesIn(folder: string): SavedRules {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  let kept = ''
  return {
    keep: (files) => {
      const text = JSON.stringify(files)
      if (text === kept) return
      for (const [name, rules] of Object.entries(files)) replaceFile(join(folder, name), rules)
      kept = text
    },
    forget: () => {
      kept = ''
      for (const name of savedNames) rmSync(join(folder, name), { force: true })
    },
  }
}
