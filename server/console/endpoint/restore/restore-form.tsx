import { Text, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Snapshot } from '#shared/commands/backup-list.ts'
import { keys } from '../../api/keys.ts'
import { useChange } from '../../api/use-change.ts'
import { DialogForm, textOf } from '../../frame/dialog-form.tsx'
import { useNow } from '../../time/clock.tsx'
import { When } from '../../time/when.tsx'
import { localText, proposed } from './snapshots.ts'

interface RestoreFormProps {
  endpointId: string
  snapshots: readonly Snapshot[]
  evidenceAt: number | undefined
  onClose(): void
}

/** Which folders, and from before when; the machine takes the last verified snapshot that fits. */
export function RestoreForm({ endpointId, snapshots, evidenceAt, onClose }: RestoreFormProps) {
  const now = useNow()
  const [before, setBefore] = useState(() => localText(evidenceAt ?? now))
  const best = proposed(snapshots, Date.parse(before))
  const restore = useChange(keys.endpoint(endpointId), (api, { paths, reason }: { paths: string[]; reason: string }) =>
    api.ask(endpointId, { verb: 'restore-from-backup', args: { paths, before: Date.parse(before) }, reason }),
  )
  const submit = (fields: FormData): void => {
    const paths = textOf(fields, 'paths').split('\n')
    restore.mutate(
      { paths: paths.map((path) => path.trim()).filter((path) => path !== ''), reason: textOf(fields, 'reason') },
      { onSuccess: onClose },
    )
  }
  return (
    <DialogForm submit="Restore" isBusy={restore.isPending} error={restore.error} onSubmit={submit} onCancel={onClose}>
      <Textarea name="paths" label="Folders or files" description="One a line, each a whole path" autosize minRows={2} required />
      <TextInput
        type="datetime-local"
        step={1}
        label="As it was before"
        description={evidenceAt === undefined ? 'Your time' : 'Your time; the first evidence of what is open here'}
        value={before}
        onChange={(event) => setBefore(event.currentTarget.value)}
        required
      />
      <Text size="sm">
        {best ? (
          <>
            Proposed: the verified snapshot of <When at={best.at} as="instant" />, {best.paths.join(', ')}.
          </>
        ) : (
          'No verified snapshot from before then is known here; the machine looks again, and refuses where there is none.'
        )}
      </Text>
      <TextInput name="reason" label="Why" maxLength={500} required />
    </DialogForm>
  )
}
