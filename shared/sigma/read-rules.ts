import { sentenceOf } from '../domain/fault.ts'
import { type Correlation, readCorrelation } from './correlation.ts'
import type { Placeholders } from './item.ts'
import { type Rule, readRule } from './rule.ts'
import { refuse, Unsupported } from './unsupported.ts'

/** A rule that isn't used, and why: nothing is left out silently. */
export interface Refused {
  id: string
  file: string
  /** A clause that follows on "because". */
  reason: string
}

export interface RuleSet {
  rules: readonly Rule[]
  correlations: readonly Correlation[]
  refused: readonly Refused[]
}

export interface RuleFile {
  /** As people are told of it. */
  path: string
  text: string
}

/** YAML text of one document → its value, aliases bounded; throws what is wrong. Handed in, so that this room needs no package for it. */
export type ParseYaml = (text: string) => unknown

/** 32 hexadecimal digits of a text. Handed in, because a browser has no digest that doesn't wait. */
export type DigestOf = (text: string) => string

/** The largest rule of the community has 100 KB of hashes. */
const maxDocumentLength = 512 * 1_024
const maxDocumentsInFile = 10_000

/** Files of rules, one or several in each → what can be used, and what can't with its reason. Never throws for what a file holds. */
export function readRules(files: Iterable<RuleFile>, parseYaml: ParseYaml, placeholders: Placeholders = {}): RuleSet {
  const reader = new RuleReader(parseYaml, placeholders)
  for (const file of files) reader.file(file)
  return reader.settled()
}

/** For whoever reads many files and has something else to do in between. */
export class RuleReader {
  readonly #parseYaml: ParseYaml
  readonly #placeholders: Placeholders
  readonly #digestOf: DigestOf | undefined
  readonly #rules = new Map<string, Rule>()
  readonly #correlations = new Map<string, { correlation: Correlation; file: string }>()
  readonly #refused: Refused[] = []

  constructor(parseYaml: ParseYaml, placeholders: Placeholders, digestOf?: DigestOf) {
    this.#parseYaml = parseYaml
    this.#placeholders = placeholders
    this.#digestOf = digestOf
  }

  file({ path, text }: RuleFile): void {
    const documents = text.split(/^---(?:[ \t].*)?\r?$/m).filter((document) => /^\s*[^\s#]/m.test(document))
    if (documents.length === 0) this.#refused.push({ id: path, file: path, reason: 'the file is empty' })
    for (const document of documents.slice(0, maxDocumentsInFile)) this.#document(document, path)
    if (documents.length > maxDocumentsInFile) {
      this.#refused.push({ id: path, file: path, reason: `the file holds more than ${maxDocumentsInFile} rules; the rest is not read` })
    }
  }

  #document(text: string, file: string): void {
    // Found without a parser, because the parser may be what refuses it.
    const id = /^id:[ \t]*['"]?([^\s'"#]{1,200})/m.exec(text)?.[1] ?? file
    try {
      if (text.length > maxDocumentLength) refuse(`it is larger than ${maxDocumentLength / 1_024} KiB`)
      this.#add(this.#parse(text), file, this.#digest(text))
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error
      this.#refused.push({ id, file, reason: error.message })
    }
  }

  #parse(text: string): unknown {
    try {
      return this.#parseYaml(text)
    } catch (error) {
      return refuse(`it is not YAML: ${sentenceOf(error).split('\n')[0]?.slice(0, 300)}`)
    }
  }

  /** A placeholder's texts are part of what a rule says. */
  #digest(text: string): { digest?: string } {
    const said = /\|expand\b/.test(text) ? `${text.trim()}\n${JSON.stringify(this.#placeholders)}` : text.trim()
    return this.#digestOf ? { digest: this.#digestOf(said) } : {}
  }

  #add(document: unknown, file: string, digest: { digest?: string }): void {
    if (typeof document !== 'object' || document === null || Array.isArray(document)) refuse('it is no Sigma rule: no map of fields')
    if ('action' in document) refuse('collections by “action” are of Sigma 1; write each rule as a document of its own')
    if ('filter' in document) refuse('it is a filter for other rules, and filters are not supported')
    const isCorrelation = 'correlation' in document
    const read = Object.assign(isCorrelation ? readCorrelation(document, file) : readRule(document, file, this.#placeholders), digest)
    if (this.#rules.has(read.id) || this.#correlations.has(read.id)) refuse('another rule has the same id, and that one is used')
    if ('window' in read) this.#correlations.set(read.id, { correlation: read, file })
    else this.#rules.set(read.id, read)
  }

  /** A correlation whose rules aren't there can't be honoured either. */
  settled(): RuleSet {
    const names = new Set([...this.#rules.values()].flatMap(({ id, name }) => (name === undefined ? [id] : [id, name])))
    const correlations: Correlation[] = []
    for (const { correlation, file } of this.#correlations.values()) {
      const missing = correlation.rules.find((rule) => !names.has(rule))
      if (missing === undefined) correlations.push({ ...correlation, ...this.#withCounted(correlation) })
      else
        this.#refused.push({ id: correlation.id, file, reason: `it counts the rule “${missing}”, which is not among those that are used` })
    }
    return { rules: [...this.#rules.values()], correlations, refused: this.#refused }
  }

  /** A correlation is another one when a rule that it counts is. */
  #withCounted({ digest, rules }: Correlation): { digest?: string } {
    if (digest === undefined || !this.#digestOf) return {}
    const counted = [...this.#rules.values()].filter(({ id, name }) => rules.some((each) => each === id || each === name))
    return { digest: this.#digestOf([digest, ...counted.map((rule) => rule.digest ?? '')].join(' ')) }
  }
}
