import type { FormInstance } from 'antd';
import { useState } from 'react';
import { asProblem, fieldErrors } from '@/api/problem';

export interface FormProblem {
  error: unknown;
  lines: string[];
}

/** Puts the service's messages on the fields they name; what is left is shown above the form. */
export function useFormProblem(form: FormInstance, known: readonly string[]) {
  const [problem, setProblem] = useState<FormProblem | null>(null);
  const show = (error: unknown) => {
    const { fields, rest } = fieldErrors(asProblem(error), known);
    form.setFields(fields);
    if (fields.length > 0) form.scrollToField(fields[0]!.name, { block: 'center' });
    setProblem(fields.length > 0 && rest.length === 0 ? null : { error, lines: rest });
  };
  return { problem, show, clear: () => setProblem(null) };
}
