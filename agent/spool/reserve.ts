import { closeSync, existsSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Room on the disk that nobody else can take. Whoever fills a disk may do it to silence this agent; then the reserve is
 * given up for signals, and taken again once there is room.
 */
export class Reserve {
  readonly #file: string
  readonly #bytes: number

  constructor(dir: string, bytes: number) {
    this.#file = join(dir, 'reserve')
    this.#bytes = bytes
  }

  /** Takes it, unless it is there. False when the disk has no room for it. */
  take(): boolean {
    if (existsSync(this.#file)) return true
    try {
      writeZeros(this.#file, this.#bytes)
      return true
    } catch {
      rmSync(this.#file, { force: true })
      return false
    }
  }

  /** False when there was none. */
  giveUp(): boolean {
    const wasThere = existsSync(this.#file)
    rmSync(this.#file, { force: true })
    return wasThere
  }
}

/** Written, not only made as large: a file of holes takes no room. */
function writeZeros(file: string, bytes: number): void {
  const descriptor = openSync(file, 'w', 0o600)
  try {
    for (let written = 0; written < bytes; ) written += writeSync(descriptor, Buffer.alloc(bytes - written))
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
