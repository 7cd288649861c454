import { basename } from 'node:path'
import { seconds, type Time } from '#shared/domain/time.ts'
import type { Probe } from '../../host/probe.ts'
import type { Starts } from '../processes/starts.ts'
import { isPackageManager } from './doing.ts'
import { cameWithPackage } from './packages.ts'

/*
 * What a package's own script does to its own service: an upgrade stops what it replaces. Enters: a command that a rule fits which spares
 * packages. Leaves: whether it was such a script's. Promises: a command counts as a package's only where dpkg started the script that the
 * command stands below, and that package holds the service; where rpm is, which names no package of a script, where rpm started the script.
 * That packages are put in at the same time excuses nobody. On failure: it is nobody's, and is said. Threat: command lines are their
 * owners' choice, so the program that started a script is believed, and its words only below it.
 */
export interface Deed {
  parentPid: number
  words: readonly string[]
}

/** Who is between a command and the system. */
interface Kin {
  parent: number
  exe: string
  commandLine: string
}

const dpkgScript = /^\S*sh\s(?:-\S+\s)*\/var\/lib\/dpkg\/info\/([a-z0-9][a-z0-9+.:-]*)\.(?:preinst|prerm|postinst|postrm)\s/
const rpmScript = /^\S*sh\s(?:-\S+\s)*\/var\/tmp\/rpm-tmp\.\w+(?:\s|$)/
const maxDepth = 30
const maxListBytes = 2_097_152
/** What a log and a look at /proc tell of who is gone by now comes a moment later. */
const toldWithinMs = seconds(2)

export class PackageScripts {
  readonly #probe: Probe
  readonly #time: Time
  readonly #starts: Starts | undefined

  constructor(probe: Probe, time: Time, starts: Starts | undefined) {
    this.#probe = probe
    this.#time = time
    this.#starts = starts
  }

  async did({ parentPid, words }: Deed): Promise<boolean> {
    const units = unitsOf(words)
    if (units.length === 0) return parentPid === 1 && this.#isEndOfFilter(words)
    const script = await this.scriptAbove(parentPid)
    return script !== undefined && (script.name === undefined || this.#holds(script.name, units))
  }

  /** The package's script that a process stands below; of rpm's without the package's name. */
  async scriptAbove(pid: number): Promise<{ name: string | undefined } | undefined> {
    let { line, isWhole } = this.#lineOf(pid)
    if (!isWhole) {
      await new Promise<void>((done) => this.#time.after(toldWithinMs, done))
      line = this.#lineOf(pid, line).line
    }
    const at = line.findIndex(({ commandLine }) => dpkgScript.test(commandLine) || rpmScript.test(commandLine))
    const [script, manager] = [line[at], line[at + 1]]
    const name = script && dpkgScript.exec(script.commandLine)?.[1]
    const isStarted = manager && (name === undefined ? isPackageManager(manager) : manager.exe === '/usr/bin/dpkg')
    return script && isStarted ? { name } : undefined
  }

  /** From the parent on to the system. @param before what was known of who is gone by now. */
  #lineOf(pid: number, before: readonly Kin[] = []): { line: Kin[]; isWhole: boolean } {
    const line: Kin[] = []
    for (let next = pid; next > 1 && line.length < maxDepth; ) {
      const kin = this.#kinOf(next) ?? before[line.length]
      if (!kin) return { line, isWhole: false }
      line.push(kin)
      next = kin.parent
    }
    return { line, isWhole: true }
  }

  #kinOf(pid: number): Kin | undefined {
    const now = this.#probe.process(pid)
    if (now) return now
    const start = this.#starts?.get(pid)
    return start && { parent: start.parentPid, exe: start.image, commandLine: start.commandLine }
  }

  async #holds(name: string, units: readonly string[]): Promise<boolean> {
    const list = (await this.#probe.read(`/var/lib/dpkg/info/${name}.list`, maxListBytes))?.toString('utf8') ?? ''
    const held = new Set(list.split('\n'))
    return units.every((unit) => placesOf(unit).some((path) => held.has(path)))
  }

  /** nftables' own unit ends with this, and systemd does it for whoever asks; so only for about as long as its package is new. */
  async #isEndOfFilter(words: readonly string[]): Promise<boolean> {
    const isEnd = words.join(' ').replace(/^\S*\//, '') === 'nft flush ruleset'
    return isEnd && (await cameWithPackage(this.#probe, '/usr/lib/systemd/system/nftables.service', this.#time.now()))
  }
}

const placesOf = (unit: string): string[] => {
  const file = /\.\w+$/.test(unit) ? unit : `${unit}.service`
  return [`/usr/lib/systemd/system/${file}`, `/lib/systemd/system/${file}`, `/etc/init.d/${file.replace(/\.service$/, '')}`]
}

/** Which services a command is about; none where it is about anything else as well. */
function unitsOf([program = '', ...words]: readonly string[]): string[] {
  const plain = words.filter((word) => !word.startsWith('-'))
  const named = basename(program) === 'systemctl' ? plain.slice(1) : basename(program) === 'service' ? plain.slice(0, 1) : []
  return named.every((word) => /^[\w@.:-]+$/.test(word)) ? named : []
}
