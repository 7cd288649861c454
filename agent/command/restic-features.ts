import { z } from 'zod'

/** What restics newer than Debian 12's 0.14 can do besides, and the version that brought it (restic's changelog). */
const brought = {
  /** `restore --json` says how far it is. */
  'restore-progress': [0, 16],
  /** 10, 11 and 12 say that there is no repository, that it is locked, that the password is wrong. */
  'exit-codes': [0, 17],
} as const satisfies Record<string, readonly [number, number]>

export type ResticFeature = keyof typeof brought

/** `version` is null where it couldn't be read; then nothing newer is relied on. */
export interface ResticAbout {
  version: string | null
  features: readonly ResticFeature[]
}

/** @param said by `restic version`. */
export function aboutIn(said: string): ResticAbout {
  const [, version, ...parts] = /^restic ((\d{1,4})\.(\d{1,4})\.\d{1,4})\b/.exec(said) ?? []
  if (version === undefined) return { version: null, features: [] }
  const [major = 0, minor = 0] = parts.map(Number)
  const features = (Object.keys(brought) as ResticFeature[]).filter((feature) => {
    const [sinceMajor, sinceMinor] = brought[feature]
    return major > sinceMajor || (major === sinceMajor && minor >= sinceMinor)
  })
  return { version, features }
}

const Status = z.object({
  message_type: z.literal('status'),
  percent_done: z.number().min(0).max(1).default(0),
  files_restored: z.number().default(0),
  total_files: z.number().default(0),
  bytes_restored: z.number().default(0),
  total_bytes: z.number().default(0),
})

export interface RestoreProgress {
  /** 0…1. */
  done: number
  files: number
  ofFiles: number
  bytes: number
  ofBytes: number
}

/** A line of `restore --json`; undefined: it says something else. */
export function progressIn(line: string): RestoreProgress | undefined {
  const said = Status.safeParse(jsonOf(line)).data
  if (!said) return undefined
  const { percent_done: done, files_restored: files, total_files: ofFiles, bytes_restored: bytes, total_bytes: ofBytes } = said
  return { done, files, ofFiles, bytes, ofBytes }
}

/** In words, by the exit code of a restic that has such. */
export const sayings: Readonly<Record<number, string>> = {
  10: 'there is no repository where restic.json names one',
  11: 'the repository is locked by another restic',
  12: 'the password in the file that restic.json names is not the repository’s',
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
