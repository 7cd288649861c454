import { farFoldersIn, isBelow } from '#shared/domain/far-folders.ts'
import type { Probe } from '../../host/probe.ts'

/** Which folders lie on another machine, or behind somebody's own program, by now. Asking there may hang; the kernel answers this itself. */
export class Reach {
  readonly #vitals: Probe['vitals']
  #mounts: string | undefined
  #far: readonly string[] = []

  constructor({ vitals }: Pick<Probe, 'vitals'>) {
    this.#vitals = vitals
  }

  async look(): Promise<void> {
    const mounts = (await this.#vitals.kernel('/proc/self/mountinfo')) ?? ''
    if (mounts === this.#mounts) return
    this.#mounts = mounts
    this.#far = farFoldersIn(mounts)
  }

  /** As it was looked at last. */
  isFar(path: string): boolean {
    return this.#far.some((folder) => isBelow(path, folder))
  }
}

export async function farFoldersNow({ vitals }: Pick<Probe, 'vitals'>): Promise<string[]> {
  return farFoldersIn((await vitals.kernel('/proc/self/mountinfo')) ?? '')
}
