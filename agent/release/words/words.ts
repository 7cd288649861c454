import type { Language } from '#shared/domain/language.ts'
import { de } from './de.ts'
import { en } from './en.ts'

/** What the person at an isolated machine is told; one file a language. Only `callWhom` comes from elsewhere, and it is data. */
export interface ScreenWords {
  title: string
  cutOff(about: { number: number; callWhom: readonly string[]; type: string }): string[]
  openTitle: string
  open: string[]
}

export const screenWords: Record<Language, ScreenWords> = { de, en }
