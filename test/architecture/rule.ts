import type { Source } from './source.ts'

export interface Violation {
  path: string
  line: number
  what: string
}

/** A rule of the house, with proof that it bites: each planted file breaks it once, each allowed one doesn't. */
export interface Rule {
  /** What it holds, as one sentence. */
  says: string
  check(sources: Source[]): Violation[]
  planted: Sample[]
  allowed: Sample[]
}

export interface Sample {
  path: string
  text: string
}

export const defineRule = (rule: Rule): Rule => rule
