import type * as Ffi from 'node:ffi'
import { type EventBatch, type EventSource, errors, type Refused, type WindowsCalls } from './calls.ts'
import { wide } from './wide.ts'

/** What this file asks of kernel32. */
export interface Kernel {
  GetLastError(): number
  CreateEventW(attributes: null, isManual: number, isSet: number, name: null): bigint
  ResetEvent(handle: bigint): number
  WaitForSingleObject(handle: bigint, milliseconds: number): number
  CloseHandle(handle: bigint): number
}

/** Of winevt.h. */
const toFuture = 1
const fromOldest = 2
const afterBookmark = 3
const byChannelNewestFirst = 0x201
const renderXml = 1
const batch = 64
/** The service takes no event that is larger than 64 KiB; as XML in UTF-16 it may be a few times that. */
const firstBytes = 65_536
const mostBytes = 524_288
/** Local, so it answers at once; what it doesn't answer in this time it is asked again. */
const waitMs = 100
/** Nothing more, not in time, or no number at all: the next look is soon. */
const nothingThere: ReadonlySet<number> = new Set([errors.noMoreItems, errors.timeout, 0])

type Wevtapi = ReturnType<typeof openWevtapi>

function openWevtapi(ffi: typeof Ffi, library: string) {
  return ffi.dlopen(library, {
    EvtSubscribe: { arguments: ['u64', 'u64', 'pointer', 'pointer', 'u64', 'pointer', 'pointer', 'u32'], return: 'u64' },
    EvtQuery: { arguments: ['u64', 'pointer', 'pointer', 'u32'], return: 'u64' },
    EvtNext: { arguments: ['u64', 'u32', 'pointer', 'u32', 'u32', 'pointer'], return: 'i32' },
    EvtRender: { arguments: ['u64', 'u64', 'u32', 'u32', 'pointer', 'pointer', 'pointer'], return: 'i32' },
    EvtCreateBookmark: { arguments: ['pointer'], return: 'u64' },
    EvtClose: { arguments: ['u64'], return: 'i32' },
  }).functions
}

/**
 * Events by pull: the log sets a signal object when something new is there, which is looked at without asking the log. Subscriptions go on
 * behind a bookmark, over restarts and over a log that was cleared.
 */
export function nativeEvents(ffi: typeof Ffi, kernel: Kernel, library: string): Pick<WindowsCalls, 'subscribe' | 'newest'> {
  const events = openWevtapi(ffi, library)
  const reader = new Reader(events, kernel)
  return {
    subscribe(channel, after) {
      const signal = kernel.CreateEventW(null, 1, 1, null)
      if (signal === 0n) return { refused: kernel.GetLastError() }
      const bookmark = after === undefined || after < 1 ? 0n : events.EvtCreateBookmark(wide(bookmarkOf(channel, after)))
      const isFromOldest = after !== undefined && after < 1
      const from = isFromOldest ? fromOldest : bookmark === 0n ? toFuture : afterBookmark
      const handle = events.EvtSubscribe(0n, signal, wide(channel), wide('*'), bookmark, null, null, from)
      const refused = handle === 0n ? kernel.GetLastError() : 0
      if (bookmark !== 0n) events.EvtClose(bookmark)
      if (handle !== 0n) return new Subscription({ handle, signal, events, kernel, reader })
      kernel.CloseHandle(signal)
      return { refused }
    },
    newest(channel) {
      const handle = events.EvtQuery(0n, wide(channel), wide('*'), byChannelNewestFirst)
      if (handle === 0n) return undefined
      const found = reader.next(handle, 1)
      events.EvtClose(handle)
      return 'refused' in found ? undefined : found.events[0]
    },
  }
}

const bookmarkOf = (channel: string, record: number): string =>
  `<BookmarkList><Bookmark Channel='${channel.replace(/[<>&'"]/g, '')}' RecordId='${record}' IsCurrent='true'/></BookmarkList>`

class Subscription implements EventSource {
  readonly #of: { handle: bigint; signal: bigint; events: Wevtapi; kernel: Kernel; reader: Reader }
  #isBehind = false

  constructor(of: { handle: bigint; signal: bigint; events: Wevtapi; kernel: Kernel; reader: Reader }) {
    this.#of = of
  }

  hasNews(): boolean {
    return this.#isBehind || this.#of.kernel.WaitForSingleObject(this.#of.signal, 0) === 0
  }

  next(most: number): EventBatch | Refused {
    // Before it is read: what comes in between sets the signal again.
    this.#of.kernel.ResetEvent(this.#of.signal)
    const found = this.#of.reader.next(this.#of.handle, Math.min(most, batch))
    this.#isBehind = !('refused' in found) && found.events.length + found.tooLarge > 0
    return found
  }

  close(): void {
    this.#of.events.EvtClose(this.#of.handle)
    this.#of.kernel.CloseHandle(this.#of.signal)
  }
}

class Reader {
  readonly #events: Wevtapi
  readonly #kernel: Kernel
  readonly #handles = Buffer.alloc(batch * 8)
  readonly #count = Buffer.alloc(4)
  readonly #used = Buffer.alloc(4)
  readonly #properties = Buffer.alloc(4)
  #text = Buffer.alloc(firstBytes)

  constructor(events: Wevtapi, kernel: Kernel) {
    this.#events = events
    this.#kernel = kernel
  }

  next(handle: bigint, most: number): EventBatch | Refused {
    this.#count.writeUInt32LE(0)
    if (this.#events.EvtNext(handle, most, this.#handles, waitMs, 0, this.#count) === 0) {
      const refused = this.#kernel.GetLastError()
      return nothingThere.has(refused) ? { events: [], tooLarge: 0 } : { refused }
    }
    const found: EventBatch = { events: [], tooLarge: 0 }
    const count = Math.min(this.#count.readUInt32LE(), most)
    for (let index = 0; index < count; index += 1) {
      const event = this.#handles.readBigUInt64LE(index * 8)
      const xml = this.#render(event)
      this.#events.EvtClose(event)
      if (xml === undefined) found.tooLarge += 1
      else found.events.push(xml)
    }
    return found
  }

  #render(event: bigint): string | undefined {
    const render = (): boolean =>
      this.#events.EvtRender(0n, event, renderXml, this.#text.length, this.#text, this.#used, this.#properties) !== 0
    this.#used.writeUInt32LE(0)
    if (!render()) {
      const wanted = this.#used.readUInt32LE()
      if (wanted <= this.#text.length || wanted > mostBytes) return undefined
      this.#text = Buffer.alloc(wanted)
      if (!render()) return undefined
    }
    const bytes = Math.min(this.#used.readUInt32LE(), this.#text.length)
    const xml = this.#text.toString('utf16le', 0, bytes).replace(/\0+$/, '')
    // One large event shall not be paid for ever.
    if (this.#text.length > firstBytes) this.#text = Buffer.alloc(firstBytes)
    return xml
  }
}
