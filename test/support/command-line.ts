import { vi } from 'vitest'
import { main } from '../../server/main.ts'

/** What a verb of the command line said, and the exit code that it would have ended with. */
export interface Said {
  code: number
  out: string
  err: string
}

let last: Promise<unknown> = Promise.resolve()

/**
 * `tierline` with these arguments in this process, which takes a tenth of starting one. What it prints is caught, so one
 * runs after the other. That the front door hands on arguments and exit code is proven by the tests that start programs.
 */
export function tierline(...args: string[]): Promise<Said> {
  const said = last.then(() => run(args))
  last = said.catch(() => undefined)
  return said
}

async function run(args: string[]): Promise<Said> {
  const text = { out: '', err: '' }
  const caught = (stream: 'out' | 'err') => (chunk: string | Uint8Array) => {
    text[stream] += String(chunk)
    return true
  }
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(caught('out')),
    vi.spyOn(process.stderr, 'write').mockImplementation(caught('err')),
  ]
  const code = await main(args).finally(() => spies.forEach((spy) => void spy.mockRestore()))
  return { code, ...text }
}
