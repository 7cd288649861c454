import { Text, Textarea } from '@mantine/core'
import { keys } from '../api/keys.ts'
import { useChange } from '../api/use-change.ts'
import { DialogButton } from '../frame/dialog-button.tsx'
import { DialogForm, textOf } from '../frame/dialog-form.tsx'

interface CallWhomProps {
  organisation: { id: string; name: string; callWhom: string[] }
}

/** Whom the person at an isolated machine is to call: its screen says so. */
export function CallWhom({ organisation }: CallWhomProps) {
  const { name, callWhom } = organisation
  return (
    <>
      <Text size="sm" className="breakable">
        {callWhom.join('; ')}
      </Text>
      <DialogButton
        size="compact-xs"
        variant="default"
        label={callWhom.length === 0 ? 'Say whom' : 'Change whom'}
        title={`Whom shall people at an isolated machine of ${name} call?`}
        dialog={(close) => <CallWhomForm organisation={organisation} onClose={close} />}
      />
    </>
  )
}

function CallWhomForm({ organisation: { id, callWhom }, onClose }: CallWhomProps & { onClose(): void }) {
  const change = useChange(keys.organisations, (api, next: string[]) => api.changeOrganisation(id, { callWhom: next }))
  const submit = (fields: FormData): void => {
    const lines = textOf(fields, 'callWhom').split('\n')
    change.mutate(
      lines.map((line) => line.trim()).filter((line) => line !== ''),
      { onSuccess: onClose },
    )
  }
  return (
    <DialogForm submit="Keep" isBusy={change.isPending} error={change.error} onSubmit={submit} onCancel={onClose}>
      <Textarea
        name="callWhom"
        label="Who, and their number"
        description="One a line, such as “Service desk 030 1234567”. Machines show it when they are cut off, so it must work without a network."
        defaultValue={callWhom.join('\n')}
        autosize
        minRows={2}
      />
    </DialogForm>
  )
}
