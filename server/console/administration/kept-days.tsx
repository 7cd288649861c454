import { NumberInput } from '@mantine/core'
import { keptDays as limits } from '#shared/domain/retention.ts'
import { keys } from '../api/keys.ts'
import { useChange } from '../api/use-change.ts'
import { DialogButton } from '../frame/dialog-button.tsx'
import { DialogForm, textOf } from '../frame/dialog-form.tsx'

interface KeptDaysProps {
  organisation: { id: string; name: string; keptDays: number }
}

/** After how many days what is over ends for good. */
export function KeptDays({ organisation }: KeptDaysProps) {
  const { name, keptDays } = organisation
  return (
    <DialogButton
      size="compact-xs"
      variant="default"
      label={`${keptDays} days`}
      title={`How long is kept what is over at ${name}?`}
      dialog={(close) => <KeptDaysForm organisation={organisation} onClose={close} />}
    />
  )
}

function KeptDaysForm({ organisation: { id, keptDays }, onClose }: KeptDaysProps & { onClose(): void }) {
  const change = useChange(keys.organisations, (api, next: number) => api.changeOrganisation(id, { keptDays: next }))
  const submit = (fields: FormData): void => change.mutate(Number(textOf(fields, 'keptDays')), { onSuccess: onClose })
  return (
    <DialogForm submit="Keep" isBusy={change.isPending} error={change.error} onSubmit={submit} onCancel={onClose}>
      <NumberInput
        name="keptDays"
        label="Days"
        description={`Closed tickets with their evidence, signals and what the audit says in words end after so many days, within hours, and nothing brings them back. From ${limits.least} to ${limits.most}.`}
        defaultValue={keptDays}
        allowDecimal={false}
        thousandSeparator={false}
      />
    </DialogForm>
  )
}
