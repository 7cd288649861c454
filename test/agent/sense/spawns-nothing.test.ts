import { type ChannelListener, subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { createProbe } from '../../../agent/host/probe.ts'
import { isUnsupported } from '../../../agent/sense/define-detector.ts'
import { detectors } from '../../../agent/sense/detectors.ts'
import { openHealthMemory } from '../../../agent/sense/memory.ts'
import { Starts } from '../../../agent/sense/processes/starts.ts'
import { createSampler } from '../../../agent/sense/samples.ts'
import { createStrain } from '../../../agent/sense/strain.ts'
import { FakeTime } from '../../support/fake-time.ts'
import { MemoryFile, MemorySpool, silent } from './bench-machine.ts'

/** Programs that this process starts from now on. A child is told of before it has its name. */
function hearStarts(): { spawnfile: string }[] {
  const started: { spawnfile: string }[] = []
  const hear: ChannelListener = (message) => void started.push((message as { process: { spawnfile: string } }).process)
  subscribe('child_process', hear)
  onTestFinished(() => void unsubscribe('child_process', hear))
  return started
}

function roomOf(time: FakeTime) {
  const folder = mkdtempSync(join(tmpdir(), 'tierline-spawns-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const log = join(folder, 'auth.log')
  writeFileSync(log, '')
  const settings = {
    ...{ canaryDirs: [folder], canaryFile: new MemoryFile(), services: [], authLogs: [log], starts: new Starts() },
    ...{ memory: openHealthMemory(new MemoryFile(), silent), own: { dataDir: folder, wasUpdated: false } },
  }
  const given = { settings, time, log: silent, stop: new AbortController().signal, role: 'server' as const, standing: () => undefined }
  return { ...given, healthSettings: () => ({}), broken: (why: string) => expect.unreachable(why) }
}

it.skipIf(process.platform !== 'linux')('what runs every ten seconds spawns nothing', async () => {
  const time = new FakeTime()
  const probe = createProbe({ time, log: silent })
  const context = { ...roomOf(time), again: () => undefined, isStrained: createStrain(probe, time) }
  const watches = detectors.flatMap((detector) => ('watch' in detector ? detector : []))
  // What follows a log or the kernel's events may be a program of its own, started once.
  for (const watch of watches) {
    const watching = await watch.watch(probe, async () => undefined, context)
    if (!isUnsupported(watching)) onTestFinished(() => watching.stop())
  }
  const often = detectors.flatMap((detector) => ('sense' in detector && detector.every <= seconds(10) ? detector : []))
  const sampler = createSampler(probe, time, new MemorySpool())
  const started = hearStarts()
  for (let second = 0; second < 20; second += 1) {
    await time.advance(seconds(1))
    await sleep(5)
    if (second % 10 !== 0) continue
    await sampler.take()
    for (const detector of often) await detector.sense(probe, context)
  }
  expect([watches.length > 8, often.length > 0, started.map(({ spawnfile }) => spawnfile)]).toEqual([true, true, []])
})
