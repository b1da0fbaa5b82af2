"""The least window there is: one label. Frozen by bare-window.spec."""

from __future__ import annotations

import sys

from PySide6.QtWidgets import QApplication, QLabel

application = QApplication([*sys.argv[:1], "-style", "Fusion"])
label = QLabel("bare")
label.resize(1280, 740)
label.show()
sys.exit(application.exec())
