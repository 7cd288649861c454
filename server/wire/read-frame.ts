import { z } from 'zod'
import { CloseCode } from '#shared/protocol/close-codes.ts'
import { decode } from '#shared/protocol/envelope.ts'
import { maxFrameBytes } from '#shared/protocol/limits.ts'
import { AgentMessage } from '#shared/protocol/messages.ts'

/** Parse at the edge: a frame as it came → what an agent says, or the code and reason that end its session. */
export type Frame = { kind: 'message'; message: AgentMessage } | { kind: 'objection'; code: CloseCode; reason: string }

/** The same schema, read many times faster. */
const compiledMessage = z.compile(AgentMessage)

export function readFrame(data: Buffer, isBinary: boolean): Frame {
  if (data.length > maxFrameBytes) return object(CloseCode.TooLarge, `the frame is longer than ${maxFrameBytes} bytes`)
  if (isBinary) return object(CloseCode.Malformed, 'the frame is binary')
  const decoded = decode(compiledMessage, data.toString())
  return decoded.kind === 'message' ? decoded : object(CloseCode.Malformed, decoded.reason)
}

const object = (code: CloseCode, reason: string): Frame => ({ kind: 'objection', code, reason })
