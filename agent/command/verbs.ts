import type { Verb } from './verb.ts'
import backupList from './verbs/backup-list.ts'
import collectDiagnostics from './verbs/collect-diagnostics.ts'
import installUpdates from './verbs/install-updates.ts'
import isolateHost from './verbs/isolate-host.ts'
import keepStandingOrder from './verbs/keep-standing-order.ts'
import ping from './verbs/ping.ts'
import quarantineFile from './verbs/quarantine-file.ts'
import reachNeighbour from './verbs/reach-neighbour.ts'
import rearmCanaries from './verbs/rearm-canaries.ts'
import reboot from './verbs/reboot.ts'
import releaseHost from './verbs/release-host.ts'
import restartService from './verbs/restart-service.ts'
import restoreFile from './verbs/restore-file.ts'
import restoreFromBackup from './verbs/restore-from-backup.ts'
import resumeProcess from './verbs/resume-process.ts'
import runScript from './verbs/run-script.ts'
import stopProcess from './verbs/stop-process.ts'
import suspendProcess from './verbs/suspend-process.ts'

const contain = [isolateHost, reachNeighbour, rearmCanaries, releaseHost]
const processes = [suspendProcess, resumeProcess, stopProcess]
const files = [quarantineFile, restoreFile]
const backups = [backupList, restoreFromBackup]
const care = [ping, collectDiagnostics, restartService, runScript, installUpdates, reboot, keepStandingOrder]

/** Every verb this agent can do; a test holds the list against the folder and against shared/commands. */
export const verbs: ReadonlyMap<string, Verb> = new Map(
  [...contain, ...processes, ...files, ...backups, ...care].map((verb) => [verb.command.verb, verb as Verb]),
)
