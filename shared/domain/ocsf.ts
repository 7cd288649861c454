import { z } from 'zod'

/** Of the Open Cybersecurity Schema Framework, this version: its numbers and required fields are below, as far as they are used. */
export const ocsfVersion = '1.3.0'

const Technique = z.object({ uid: z.string().regex(/^T\d{4}$/) })
const SubTechnique = z.object({ uid: z.string().regex(/^T\d{4}\.\d{3}$/) })
const File = z.object({
  name: z.string(),
  path: z.string().optional(),
  type_id: z.literal(1),
  hashes: z.array(z.object({ algorithm_id: z.literal(3), algorithm: z.literal('SHA-256'), value: z.string() })).optional(),
})
const Process = z.object({
  name: z.string().optional(),
  pid: z.number().int().optional(),
  cmd_line: z.string().optional(),
  file: File.optional(),
})
/** At least one of them. */
const EvidenceArtifact = z.union([
  z.object({ process: Process }),
  z.object({ data: z.object({ name: z.string(), text: z.string() }) }),
  z.object({ src_endpoint: z.object({ ip: z.string() }) }),
])

/** Detection Finding, class 2004 of category 2; `type_uid` is the class and the activity. */
export const OcsfFinding = z
  .object({
    category_uid: z.literal(2),
    category_name: z.literal('Findings'),
    class_uid: z.literal(2004),
    class_name: z.literal('Detection Finding'),
    activity_id: z.union([z.literal(1), z.literal(2), z.literal(3)]),
    type_uid: z.number().int(),
    severity_id: z.number().int().min(1).max(5),
    severity: z.enum(['Informational', 'Low', 'Medium', 'High', 'Critical']),
    status_id: z.union([z.literal(1), z.literal(4)]),
    time: z.number().int().nonnegative(),
    message: z.string(),
    metadata: z.object({
      version: z.literal(ocsfVersion),
      uid: z.string(),
      event_code: z.string(),
      logged_time: z.number().int(),
      product: z.object({ name: z.string(), vendor_name: z.string() }),
      profiles: z.array(z.literal('host')).optional(),
    }),
    finding_info: z.object({
      uid: z.string(),
      title: z.string(),
      desc: z.string(),
      types: z.array(z.string()),
      created_time: z.number().int(),
      analytic: z.object({ name: z.string(), type_id: z.literal(1), type: z.literal('Rule') }),
      attacks: z.array(z.object({ technique: Technique, sub_technique: SubTechnique.optional() })).optional(),
    }),
    device: z
      .object({
        uid: z.string(),
        hostname: z.string(),
        type_id: z.number().int().min(0).max(2),
        os: z.object({ name: z.string(), type_id: z.number().int() }),
      })
      .optional(),
    remediation: z.object({ desc: z.string() }).optional(),
    evidences: z.array(EvidenceArtifact).max(100),
    /** What has no place of its own in the schema: the detector's facts as they are. */
    unmapped: z.record(z.string(), z.unknown()),
  })
  .refine(({ class_uid, activity_id, type_uid }) => type_uid === class_uid * 100 + activity_id, 'type_uid is class_uid × 100 + activity_id')
export type OcsfFinding = z.infer<typeof OcsfFinding>

export const OcsfFindings = z.object({ findings: z.array(OcsfFinding) })
