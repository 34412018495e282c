import { start } from '@/app/start';
import { portalMenu } from '@/app/portalMenu';

void start(portalMenu);
