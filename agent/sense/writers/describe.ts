import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { maskSecrets } from '#shared/domain/mask-secrets.ts'
import { printable } from '#shared/domain/printable.ts'
import type { Evidence, Facts } from '#shared/domain/signal.ts'
import { seconds, type Time } from '#shared/domain/time.ts'
import type { Probe } from '../../host/probe.ts'
import type { Suspension } from '../../suspend/suspend.ts'
import type { Tree } from './trees.ts'

/** What runs other people's words: its own hash says nothing of what it did. */
const interpreters = /^(?:ba|da|z|k|c|tc|fi)?sh$|^(?:python|perl|ruby|node|php|lua|java|busybox|pwsh|tclsh)[\d.]*$/

/** Programs are smaller; whoever runs a larger one gets no hash, and the rest of the evidence. */
const maxProgramBytes = 268_435_456

/** A file system of the attacker's own may never answer: what it holds has no hash, and the attack is said all the same. */
const hashWithinMs = seconds(1)

/** What programs are known by. */
export interface Look {
  images: Probe['images']
  process?: Probe['process'] | undefined
  time: Pick<Time, 'after'>
}

/** Who did it, as facts that commands and exceptions can name it by, and as text for people. */
export async function describeWriter(tree: Tree | undefined, look: Look): Promise<{ facts: Facts; evidence: Evidence[] }> {
  if (!tree) return { facts: { process: 'unknown' }, evidence: [] }
  const top = asItRuns(tree.top, look)
  const { pid, startTicks, name, exe, commandLine, userId, parent } = top
  const exeSha256 = await hashInTime(top, look)
  const line = maskSecrets(commandLine).slice(0, 1_000)
  // The hash of a shell would except every script on the machine.
  const isInterpreter = interpreters.test(basename(exe))
  const processSha256 = isInterpreter && exeSha256 ? createHash('sha256').update(`${exeSha256} ${commandLine}`).digest('hex') : exeSha256
  return {
    facts: {
      ...{ process: printable(name), pid, startTicks, exe: printable(exe), commandLine: printable(line), userId, parentPid: parent },
      ...{ exeSha256: exeSha256 ?? null, processSha256: processSha256 ?? null },
    },
    evidence: [
      {
        name: 'the process that did it, with all below it',
        text: `${printable(name)} (${pid}, since tick ${startTicks})\n${printable(exe)}\n${printable(line)}\nuser ${userId}`,
      },
    ],
  }
}

/**
 * It may have become another program since it was looked at (`env bash …`): the hash that is found now would be taken for the hash of what
 * it was, and a shell's would except every script.
 */
function asItRuns(top: Tree['top'], { process }: Look): Tree['top'] {
  const now = process?.(top.pid)
  return now && now.startTicks === top.startTicks && now.exe !== '' ? now : top
}

export function describeSuspension(suspension: Suspension | undefined): Facts {
  if (!suspension) return {}
  if (suspension.kind === 'suspended') return { suspended: true, suspendedProcesses: suspension.processes.length }
  return { suspended: false, whyNotSuspended: suspension.reason }
}

/** Of what ran before it is known. What ended meanwhile is still where it was started from, unless somebody took care of that. */
async function hashInTime({ pid, exe }: Tree['top'], { images, time }: Look): Promise<string | undefined> {
  const { promise: tooLate, resolve } = Promise.withResolvers<undefined>()
  const cancel = time.after(hashWithinMs, () => resolve(undefined))
  const look = async () => (await images.of(pid)) ?? (await hashOf(`/proc/${pid}/exe`)) ?? (await images.at(exe)) ?? (await hashOf(exe))
  return Promise.race([look(), tooLate]).finally(cancel)
}

/** Of the very file that runs, also when it was deleted meanwhile. */
function hashOf(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const hash = createHash('sha256')
    let bytes = 0
    const stream = createReadStream(path)
    stream.on('data', (chunk) => {
      bytes += chunk.length
      if (bytes > maxProgramBytes) stream.destroy()
      else hash.update(chunk)
    })
    stream.on('end', () => resolve(hash.digest('hex')))
    stream.on('close', () => resolve(undefined))
    stream.on('error', () => resolve(undefined))
  })
}
