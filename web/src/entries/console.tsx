import { start } from '@/app/start';
import { consoleMenu } from '@/app/consoleMenu';

void start(consoleMenu);
