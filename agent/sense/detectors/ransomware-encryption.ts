import { dirname } from 'node:path'
import { isBelow } from '#shared/domain/far-folders.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import { printable } from '#shared/domain/printable.ts'
import type { Probe } from '../../host/probe.ts'
import { groundsOf } from '../canary/grounds.ts'
import { defineDetector, type Say, type WatchContext, type Watching } from '../define-detector.ts'
import { AuditedDocuments } from '../encryption/audited-documents.ts'
import { manyTurned, type Tally } from '../encryption/deeds.ts'
import { createDoubt } from '../encryption/doubt.ts'
import { FolderEvents } from '../encryption/folder-events.ts'
import { isDocument } from '../encryption/names.ts'
import { clientOf, isFileServer } from '../encryption/shares.ts'
import { type Doer, EncryptionWatch } from '../encryption/watch.ts'
import { describeSuspension, describeWriter, type Look } from '../writers/describe.ts'
import { halt } from '../writers/halt.ts'
import { Trees } from '../writers/trees.ts'

/*
 * security.ransomware.encryption (row 4). One process tree turned ten documents unreadable in 30 seconds and their originals are gone, or
 * three of them and it left a ransom note in three folders. Unreadable: neither text nor a known form nor an archive that opens without a
 * password. What came to be a second ago was never anything else; one file that nobody can read accounts for one that is gone, an
 * archive with a password for any number. The alert-rules have nothing like it. The writer is known from fatrace; without it, homes and
 * shares are watched by inotify, and the process is unknown but where audit names it. Where the policy lets it, its tree is halted before anything is said. Files written through a share name the client, and nobody here is halted.
 * Threat: names and programs are the attacker's choice, so nothing here trusts either; who encrypts fewer than ten in 30 seconds is left to the decoys.
 */
export default defineDetector({
  name: 'ransomware-encryption',
  platforms: ['linux'],
  async watch(probe, say, context) {
    const { time, settings } = context
    const trees = new Trees((pid) => probe.process(pid), process.pid)
    let documents: AuditedDocuments | undefined
    const watch = new EncryptionWatch({
      probe,
      time,
      onSuspicion: () => documents?.suspect(),
      onAttack: (doer, tally) =>
        void tell(doer, tally, say, { ...context, images: probe.images, process: (pid) => probe.process(pid) }, doubt.mayHalt()),
    })
    const doubt = createDoubt(say, context)
    settings.writers?.trustWhile(doubt.mayHalt)
    const followed = await probe.followFileEvents({
      onEvent: (event) => {
        const now = time.monotonic()
        // What most of a machine does.
        if (event.what === 'read' && !isDocument(event.path)) return trees.meet(event.pid, now)
        const facts = trees.facts(event.pid, now)
        // A server of files has a process for each client.
        const tree = facts && isFileServer(facts) ? { top: facts, key: `${facts.pid} ${facts.startTicks}` } : trees.treeOf(event.pid, now)
        if (event.what === 'written') settings.writers?.note(event.path, event.pid, tree)
        watch.take(event, tree)
      },
      onForged: (line, after) => doubt.note(line, after),
      onEnd: (reason) => {
        settings.writers?.setFed(false)
        context.broken(reason)
      },
    })
    if (followed.kind === 'unsupported') {
      const { canaryDirs, spreadsCanaries } = context.settings
      if (canaryDirs.length === 0 && !spreadsCanaries?.()) return { unsupported: followed.reason }
      const events = eventsOfFolders(watch, probe, context)
      documents = new AuditedDocuments({ ...context, folders: () => events.grounds, probe })
      return watchFolders(events, documents, context)
    }
    settings.writers?.setFed(true)
    return {
      stop: async () => {
        settings.writers?.setFed(false)
        followed.value()
      },
    }
  },
})

async function peoplesFolders(probe: Probe, { settings }: WatchContext): Promise<string[]> {
  const spread = settings.spreadsCanaries?.()
  const isWanted = (path: string): boolean => !(spread?.except ?? []).some((each) => isBelow(path, each))
  return [...(spread ? await groundsOf(probe, isWanted, spread.root) : []), ...settings.canaryDirs]
}

const eventsOfFolders = (watch: EncryptionWatch, probe: Probe, context: WatchContext): FolderEvents =>
  new FolderEvents({
    ...{ probe, time: context.time, grounds: () => peoplesFolders(probe, context) },
    onEvent: (event, ground) => watch.take(event, undefined, ground),
    failed: (reason) => context.log.warn({ reason }, 'homes and shares that came since are not known'),
  })

/** Without fatrace: what changes in homes and shares is seen, and who did it where audit says so once some can't be read. */
async function watchFolders(events: FolderEvents, documents: AuditedDocuments, { log }: WatchContext): Promise<Watching> {
  const count = await events.start()
  log.info(
    { folders: count },
    'without fatrace, files that turn unreadable are seen in homes and shares only, and who did it where audit tells',
  )
  return {
    async stop() {
      events.stop()
      documents.stop()
    },
  }
}

async function tell(
  doer: Doer,
  tally: Tally,
  say: Say,
  { settings, log, broken, ...look }: WatchContext & Look,
  mayHalt: boolean,
): Promise<void> {
  try {
    const tree = doer.tree ?? (await settings.writers?.of(tally.turned.slice(-100)))
    const isThroughShare = tree !== undefined && isFileServer(tree.top)
    const why = `${tally.turned.length} files were turned unreadable`
    // A millisecond is a file: halted first, described then.
    const suspension = tree && !isThroughShare ? await halt(tree, why, { ...settings, mayHalt }) : undefined
    const client = isThroughShare && doer.pid !== undefined ? clientOf((await settings.shareClients?.()) ?? '', doer.pid) : undefined
    const { facts, evidence } = await describeWriter(tree, look)
    const folders = [...new Set(tally.turned.map((path) => dirname(path)))]
    await say({
      kind: 'security.ransomware.encryption',
      severity: 'critical',
      about: folders[0] ?? doer.key,
      fingerprint: 'security.ransomware.encryption',
      summary: summaryOf(tally, client?.address, tree?.top.name),
      facts: {
        ...{ technique: 'T1486', filesTurned: tally.turned.length, files: tally.turned.slice(-100), folders: folders.slice(0, 100) },
        ...{ noteFolders: tally.noteFolders, throughShare: isThroughShare, byNote: tally.turned.length < manyTurned },
        ...(client && { clientAddress: client.address, clientUser: client.userName }),
        ...facts,
        ...describeSuspension(suspension),
      },
      evidence: [...evidence, { name: 'files turned unreadable', text: tally.turned.slice(-200).join('\n') }],
    })
  } catch (error) {
    log.error({ reason: sentenceOf(error) }, 'an encryption could not be said')
    broken(sentenceOf(error))
  }
}

function summaryOf({ turned, noteFolders }: Tally, client: string | undefined, name: string | undefined): string {
  const who = client === undefined ? (name ?? 'An unknown process') : `The machine at ${client}, through a share,`
  const notes = noteFolders.length === 0 ? '' : `, and left notes in ${noteFolders.length} folders`
  return printable(`${who} turned ${turned.length} files unreadable within 30 seconds${notes}`)
}
