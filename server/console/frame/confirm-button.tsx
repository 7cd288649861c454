import { Text } from '@mantine/core'
import type { Api } from '../api/api.ts'
import { useChange } from '../api/use-change.ts'
import { DialogButton } from './dialog-button.tsx'
import { DialogForm } from './dialog-form.tsx'

interface Confirmed {
  label: string
  /** What will be so afterwards. */
  sentence: string
  /** The key of what is read again then. */
  stale: readonly string[]
  act(api: Api): Promise<unknown>
}

/** Something that can't be undone, asked once more. */
export function ConfirmButton({ title, ...confirmed }: Confirmed & { title: string }) {
  return (
    <DialogButton
      size="compact-xs"
      variant="default"
      c="red"
      label={confirmed.label}
      title={title}
      dialog={(close) => <Confirm {...confirmed} onClose={close} />}
    />
  )
}

function Confirm({ label, sentence, stale, act, onClose }: Confirmed & { onClose(): void }) {
  const change = useChange(stale, (api, _: undefined) => act(api))
  const confirm = (): void => change.mutate(undefined, { onSuccess: onClose })
  return (
    <DialogForm submit={label} color="red" isBusy={change.isPending} error={change.error} onCancel={onClose} onSubmit={confirm}>
      <Text size="sm">{sentence}</Text>
    </DialogForm>
  )
}
