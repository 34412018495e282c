import { Alert, Flex, Input, Modal, Typography } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

interface Props {
  open: boolean;
  title: string;
  warning: string;
  /** What the user has to type. */
  expected: string;
  action: string;
  busy: boolean;
  onConfirm: () => void;
  onCancel: () => void;
}

/** For what cannot be undone: the button works only after the name is typed. */
export function TypedConfirm({ open, title, warning, expected, action, busy, onConfirm, onCancel }: Props) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState('');
  const matches = typed === expected;
  return (
    <Modal
      open={open}
      title={title}
      okText={action}
      okButtonProps={{ danger: true, disabled: !matches, loading: busy }}
      cancelText={t('ui.cancel')}
      onOk={onConfirm}
      onCancel={onCancel}
      afterOpenChange={(visible) => { if (!visible) setTyped(''); }}
      destroyOnHidden
    >
      <Flex vertical gap={12}>
        <Alert type="warning" showIcon title={warning} />
        <label>
          <Typography.Text>{t('ui.typeToConfirm')} <Typography.Text code>{expected}</Typography.Text></Typography.Text>
          <Input value={typed} onChange={(event) => setTyped(event.target.value)} onPressEnter={() => matches && onConfirm()} autoFocus className="hb-gap-top" data-testid="typed-confirm" />
        </label>
      </Flex>
    </Modal>
  );
}
