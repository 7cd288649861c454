import type { Hearer } from '../../../agent/host/conversation.ts'
import type { Host } from '../../../agent/host/host.ts'

export interface NftChild {
  host: Host
  /** What was said, but for the marks. */
  said: string[]
  begun: Hearer[]
  ended: true[]
  /** It complains of each transaction. */
  complaint: string | undefined
  isSilent: boolean
}

/** A child that answers as `nft -i` does: nothing to what it takes, and to what it doesn't know what that was. */
export function nftChild(): NftChild {
  const child: NftChild = { host: hostOf(() => child), said: [], begun: [], ended: [], complaint: undefined, isSilent: false }
  return child
}

const hostOf = (child: () => NftChild): Host => ({
  run: async (program) => ({ kind: 'missing', program }),
  inFront: (start) => start(),
  ahead: (start) => start(),
  converse: (_program, _args, hearer) => {
    child().begun.push(hearer)
    return { say: (line) => answer(child(), hearer, line), end: async () => void child().ended.push(true) }
  },
})

function answer({ isSilent, said, complaint }: NftChild, { onLine }: Hearer, line: string): void {
  if (isSilent) return
  const isMark = line.startsWith('tierline_answered')
  if (!isMark) said.push(line)
  if (isMark) for (const each of ['Error: syntax error, unexpected newline, expecting string', line, '   ^']) onLine(each)
  else if (complaint !== undefined) for (const each of [complaint, line, '^^^^']) onLine(each)
}
