/** A scenario: one file in this folder, which exports this as its default. Its name is the file's. */
export interface Scenario {
  /** One sentence: what is played, and what is checked. */
  says: string
  /** One sentence on what it lacks here; undefined when it can be played. */
  whyNot(): string | undefined
  /** Plays it and prints what happened. Resolves with whether all of it held; takes everything away whatever happens. */
  play(): Promise<boolean>
}
