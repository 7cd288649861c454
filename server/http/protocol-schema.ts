import { z } from 'zod'
import { CommandOrder } from '#shared/domain/command.ts'
import {
  CaResponse,
  EnrolmentToken,
  EnrolRequest,
  EnrolResponse,
  Refusal,
  RenewRequest,
  RenewResponse,
} from '#shared/protocol/enrolment.ts'
import { subprotocol } from '#shared/protocol/limits.ts'
import { AgentMessage, CollectorMessage } from '#shared/protocol/messages.ts'
import { RecordBody } from '#shared/protocol/record.ts'

const parts = {
  AgentMessage,
  CollectorMessage,
  RecordBody,
  CommandOrder,
  EnrolmentToken,
  EnrolRequest,
  EnrolResponse,
  RenewRequest,
  RenewResponse,
  CaResponse,
  Refusal,
}

/** Everything agents and collector say to each other, as one JSON Schema (draft 2020-12) made from the zod source. */
export function protocolSchema(): Record<string, unknown> {
  const $defs = Object.fromEntries(Object.entries(parts).map(([name, schema]) => [name, definitionOf(schema)]))
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:tierline:protocol:${subprotocol}`,
    title: 'Tierline wire protocol',
    description: 'A frame from an agent is an AgentMessage, one from the collector a CollectorMessage; `body` of a record is a RecordBody.',
    anyOf: [{ $ref: '#/$defs/AgentMessage' }, { $ref: '#/$defs/CollectorMessage' }],
    $defs,
  }
}

/** As it goes over the wire: unknown fields are ignored on both sides, so they are not forbidden here. */
function definitionOf(schema: z.ZodType): unknown {
  const { $schema: _, ...definition } = z.toJSONSchema(schema, { io: 'input' })
  return definition
}
