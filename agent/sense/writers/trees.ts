import type { ProcessFacts } from '../../host/process-facts.ts'
import { RecentMap } from './recent-map.ts'

/** A tree of processes, by the one that everything it did stands under. */
export interface Tree {
  top: ProcessFacts
  /** One text for it, and no later one. */
  key: string
}

interface Known {
  facts: ProcessFacts | undefined
  /** Undefined until it is asked for. */
  tree: { found: Tree | undefined } | undefined
  /** Monotonic ms at which the facts were read. */
  at: number
}

/** What starts other people's programs for a living: the tree of one of those begins below it. Paths, because names are anybody's. */
const launchers =
  /^\/(?:usr\/)?(?:s?bin|lib|libexec|lib\/[\w.-]+)\/(?:.*\/)?(?:systemd[\w-]*|init|sshd[\w-]*|dropbear|cron|crond|atd|anacron|login|agetty|getty|gdm[\w-]*|lightdm|sddm[\w-]*|gnome-shell|gnome-session[\w-]*|plasmashell|ksmserver|xfce4-session|Xorg|tmux|screen|dockerd|containerd[\w-]*|runc|podman|conmon|dbus-[\w-]+|xinetd|inetd|init)$/
/** A process's facts are read anew after this long: numbers are given again. */
const freshMs = 2_000
/** A busy machine starts as many in a minute. */
const remembered = 3_000
const maxDepth = 30

/**
 * Which tree a process belongs to. Each number is looked up when it is first heard of, because what encrypts one file is gone
 * ten milliseconds later; its parent is asked then too, and remembered.
 */
export class Trees {
  readonly #read: (pid: number) => ProcessFacts | undefined
  readonly #ownPid: number
  readonly #known = new RecentMap<number, Known>(remembered)

  constructor(read: (pid: number) => ProcessFacts | undefined, ownPid: number) {
    this.#read = read
    this.#ownPid = ownPid
  }

  /** Whoever is seen doing what doesn't matter may do what matters, and be gone by then. */
  meet(pid: number, now: number): void {
    if (!this.#known.has(pid)) this.#lookUp(pid, now)
  }

  /** @param now monotonic ms. What is gone by now is answered as it was. */
  facts(pid: number, now: number): ProcessFacts | undefined {
    return this.#lookUp(pid, now).facts
  }

  /** Found once for as long as its facts are fresh: a busy process writes hundreds of files meanwhile. */
  treeOf(pid: number, now: number): Tree | undefined {
    const known = this.#lookUp(pid, now)
    known.tree ??= { found: this.#find(known.facts, now) }
    return known.tree.found
  }

  #lookUp(pid: number, now: number): Known {
    const known = this.#known.touch(pid, () => ({ facts: undefined, tree: undefined, at: Number.NEGATIVE_INFINITY }))
    if (now - known.at < freshMs) return known
    const facts = this.#read(pid)
    known.at = now
    // Its name is gone with it, and what was known of it is still true.
    if (facts) Object.assign(known, { facts, tree: undefined })
    return known
  }

  #find(facts: ProcessFacts | undefined, now: number): Tree | undefined {
    let top = facts
    for (let depth = 0; top && depth < maxDepth; depth += 1) {
      const parent = this.#parentWithin(top, now)
      if (!parent) return { top, key: `${top.pid} ${top.startTicks}` }
      top = parent
    }
    return undefined
  }

  /** The parent, unless the tree ends here: below the system, a launcher, a person's shell, or this agent's own line. */
  #parentWithin(facts: ProcessFacts, now: number): ProcessFacts | undefined {
    if (facts.parent <= 2 || facts.parent === this.#ownPid) return undefined
    const parent = this.facts(facts.parent, now)
    if (!parent || parent.startTicks > facts.startTicks || parent.leadsTerminal || launchers.test(parent.exe)) return undefined
    return this.#isOwnLine(parent.pid, now) ? undefined : parent
  }

  #isOwnLine(pid: number, now: number): boolean {
    for (let next: number = this.#ownPid, depth = 0; next > 1 && depth < maxDepth; depth += 1) {
      if (next === pid) return true
      next = this.facts(next, now)?.parent ?? 0
    }
    return false
  }
}
