import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Time } from '#shared/domain/time.ts'
import type { CollectorConfig } from '../config.ts'
import { openKeyFiles } from '../identity/key-files.ts'
import { customerWords } from '../notify/customer-words.ts'
import { startHeartbeats } from '../notify/heartbeats.ts'
import { openMail } from '../notify/mail.ts'
import { readMailSettings } from '../notify/mail-settings.ts'
import heartbeat from '../notify/notifiers/heartbeat.ts'
import { notifiers } from '../notify/notifiers.ts'
import { createOutbox, type Outbox, type OutboxOptions } from '../notify/outbox.ts'
import { createPost } from '../notify/post.ts'
import { createReceivers, type Receivers } from '../notify/receivers.ts'
import { createTicketTokens, newTicketKey } from '../notify/ticket-token.ts'
import { en } from '../notify/words/en.ts'
import type { Store } from '../store/store.ts'
import { type AnswersOptions, startAnswers } from './answers.ts'

/** What tells people: the outbox with all that it sends by, the receivers, the heartbeat. */
export interface Telling {
  outbox: Outbox
  receivers: Receivers
  /** Answers by mail go there from now on. */
  answerTo(desk: AnswersOptions['desk']): void
  /** The console listens: from now on there are links to it. */
  listensAt(url: string): void
  stop(): Promise<void>
}

export interface TellingOptions extends Pick<OutboxOptions, 'sayOnTimeline' | 'onUnreached' | 'limits'> {
  config: Pick<CollectorConfig, 'dataDir' | 'mailFile' | 'mayCall' | 'publicUrl'>
  store: Store
  time: Time
  log: Logger
}

export function openTelling({ config, store, time, log, ...told }: TellingOptions): Telling {
  const settings = config.mailFile === undefined ? undefined : readMailSettings(config.mailFile)
  const tokens = createTicketTokens(ticketKey(config.dataDir))
  const mail = openMail(settings, tokens.tokenOf)
  const post = createPost({ time, mayCall: config.mayCall ?? [] })
  let url = config.publicUrl
  let stopAnswers: () => Promise<void> = async () => undefined
  const around = { time, log, post, sendMail: mail.send }
  const spoken = customerWords({ canAnswer: settings?.imap !== undefined })
  const outbox = createOutbox({ ...told, ...around, db: store.db, notifiers, words: en, customerWords: spoken, base: () => url })
  const stopBeating = startHeartbeats({ ...around, db: store.db, notifier: heartbeat, isWell: store.isWell })
  return {
    outbox,
    answerTo(desk) {
      stopAnswers = startAnswers({ settings, tokens, store, desk, time, log })
    },
    receivers: createReceivers({ db: store.db, time, notifiers }),
    listensAt(listening) {
      url ??= listening
    },
    async stop() {
      await stopAnswers()
      await stopBeating()
      await outbox.stop()
      mail.close()
    },
  }
}

/** Made when it is missing. */
function ticketKey(dataDir: string): string {
  const files = openKeyFiles(join(dataDir, 'keys'))
  const known = files.read('answers.key')
  if (known !== undefined) return known
  const made = newTicketKey()
  files.write('answers.key', made)
  return made
}
